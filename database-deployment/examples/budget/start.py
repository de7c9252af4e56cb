"""To be imported before anything large: the other imports are quicker, and Ctrl-C is quiet until they are done."""

import gc
import signal
import threading

gc.disable()  # what imports make is kept: a look for garbage in it finds none
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def imports_are_done() -> None:
    gc.enable()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
