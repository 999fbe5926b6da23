"""Scripts for keyboard shortcuts: each key press counts once, on the record shown."""

SINGLE_PRESS_SCRIPT = """<style>
.stMain:focus-visible, .stMain *:focus-visible:not(button, a, input, textarea,
[role]) {outline: none}</style><script>
if (!window.funnelKeys) {
  window.funnelKeys = {pressed: null, at: 0, decides: ''};
  const say = words => {
    const line = document.createElement('div');
    line.setAttribute('role', 'status');
    line.style.cssText = 'position:fixed;top:.7rem;left:50%;transform:translateX(-50%);' +
      'z-index:999;background:#fff4d6;border:1px solid #e3c97a;border-radius:8px;' +
      'padding:.45rem .9rem';
    line.textContent = words;
    document.body.append(line);
    setTimeout(() => line.remove(), 4000);
  };
  window.addEventListener('keydown', event => {
    const title = document.querySelector('.record-key');
    const field = event.composedPath()[0];
    if (event.ctrlKey || event.metaKey || event.altKey || field.isContentEditable ||
        ['INPUT', 'TEXTAREA', 'SELECT'].includes(field.tagName)) return;
    const last = window.funnelKeys, letter = event.key.toLowerCase();
    const decides = title ? title.dataset.decides : last.decides;
    const key = title ? title.dataset.key + decides : last.pressed;
    if (!decides.includes(letter)) {
      last.pressed = null;
      return;
    }
    const early = last.pressed === key && Date.now() - last.at < 3000;
    if (event.repeat || early) {
      event.stopImmediatePropagation();
      if (!event.repeat)
        say('Too fast: the next record was still loading, so that key press was ignored.');
      return;
    }
    if (title) window.funnelKeys = {pressed: key, at: Date.now(), decides};
  }, true);
}
</script>"""
"""A key held down counts once, and no key decides a record that is not yet on the screen."""

SCROLL_TO_TOP_SCRIPT = """<script>/* {} */
document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0)</script>"""
"""Scrolls to the top when a new record is shown."""


def build_key_script(view_name: str) -> str:
    """The scripts of a page with shortcuts; the page scrolls to the top when `view_name` changes.

    Args:
        at: names the state, for example the record's key; letters and digits.
    """
    return SINGLE_PRESS_SCRIPT + SCROLL_TO_TOP_SCRIPT.format(view_name)


FOCUS_NOTE_SCRIPT = """<i></i><script>setTimeout(() => document.querySelector(
'textarea[aria-label^="Your note"]').focus(), 150)</script>"""
"""Moves the cursor to the note box, so that you can type at once after pressing N."""
