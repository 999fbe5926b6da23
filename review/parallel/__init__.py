"""Process pools and Dask clusters."""
