namespace RocketOps.Broker.Filtering.Sql92.Values;

/// <summary>Operators that are evaluated alike but for the last step.</summary>
internal enum SqlOperator
{
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Contains,
    StartsWith,
    EndsWith,
}
