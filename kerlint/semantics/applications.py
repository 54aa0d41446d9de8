"""x"""
def output_shape(name,args,inputs): return None
parameters=non_trainable=output_shape
