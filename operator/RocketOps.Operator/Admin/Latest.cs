namespace RocketOps.Operator.Admin;

/// <summary>Last answer to a question.</summary>
/// <param name="Answer">Null when nothing was ever answered.</param>
/// <param name="IsFailing">The last question was not answered, so the answer may be old.</param>
internal sealed record Latest<TAnswer>(TAnswer? Answer, bool IsFailing)
    where TAnswer : class;
