"""Prompts while drawing, answered by an nnInteractive server that the hospital runs.

    prompter = Prompter(ServerAddress(url="http://gpu-box:1527", key="..."))
    answer = prompter.ask(asker, scan, mask, prompt)
    print(answer.start_ijk, answer.marked.shape, answer.licence)

The client of the protocol is nnInteractive's own (`nninteractive-client`); only this room knows it.
Each reader who draws has one of the server's few sessions, which goes back when it is not used.
"""
