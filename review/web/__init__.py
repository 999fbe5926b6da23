"""The web server of the app, with sign-in."""
