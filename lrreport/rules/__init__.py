"""Update rules: pure functions over arrays. TensorFlow trains with them, NumPy draws with them."""
