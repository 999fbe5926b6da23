"""The pages of the app: each shows data, collects input and calls the workflow."""
