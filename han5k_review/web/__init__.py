"""The ASGI side: who may enter, sign-in and sign-out, CT slabs, masks, grades, health."""
