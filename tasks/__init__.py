"""The stages of a batch of sheets: thin Prefect tasks that hand work to Dask. No science belongs here.

A stage takes sheets and gives sheets. One that fails carries its failure onward untouched, and its neighbours never know.
"""
