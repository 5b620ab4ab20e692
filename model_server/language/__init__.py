"""What engines over language models share: prompts in, scores of labels or words out."""
