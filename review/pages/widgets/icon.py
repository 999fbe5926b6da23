"""The icon of the browser tab, because Streamlit's own icons would be loaded from another host."""

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
    '<path fill="#23507c" d="M3 4h18l-7 9v6l-4 2v-8z"/></svg>'
)
