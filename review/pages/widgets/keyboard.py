"""What a page with keys asks of the browser: each press counts once, on what is shown."""

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
      if (!event.repeat) say('That key came before the next record was drawn: it did not count.');
      return;
    }
    if (title) window.funnelKeys = {pressed: key, at: Date.now(), decides};
  }, true);
}
</script>"""
"""A key held down counts once, and no key decides a record that is not on the screen yet."""

SCROLL_TO_TOP_SCRIPT = """<script>/* {} */
document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0)</script>"""
"""Shows each record from its title on, however far down the one before was read."""


def build_key_script(view_name: str) -> str:
    """What a page with keys sends the browser, once for each state that is to be read from the top.

    Args:
        at: names the state, for example the record's key; letters and digits.
    """
    return SINGLE_PRESS_SCRIPT + SCROLL_TO_TOP_SCRIPT.format(view_name)


FOCUS_NOTE_SCRIPT = """<i></i><script>setTimeout(() => document.querySelector(
'textarea[aria-label^="Your note"]').focus(), 150)</script>"""
"""Puts the cursor into the note's box, so that N and typing is enough."""
