"""Models that some ops are tried with are made when a test asks for them: it takes seconds."""

from tests import tiny_chat, tiny_sampler

ASKING = ("text.ask_questions", "text.fill", "text.generate-", "text.rewrite", "text.substitute_masked")


def pytest_collection_finish(session):
    """Make the tiny models, if a test of an op that asks them is to run."""
    if any(name in item.nodeid for item in session.items for name in ASKING):
        tiny_chat.build()
    if any(name in item.nodeid for item in session.items for name in ("image.control_to_image", "image.vary")):
        from tests import tiny_diffusion

        tiny_diffusion.build("sd", tiny_chat.FOLDER)
        tiny_diffusion.controlnet(tiny_chat.FOLDER)
        tiny_diffusion.ip_adapter("sd", tiny_chat.FOLDER)
    if any("image.sample" in item.nodeid for item in session.items):
        tiny_sampler.build()
