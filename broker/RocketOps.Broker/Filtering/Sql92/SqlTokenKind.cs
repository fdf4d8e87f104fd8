namespace RocketOps.Broker.Filtering.Sql92;

/// <summary>The words of the language. Source: store.md §5.4.</summary>
internal enum SqlTokenKind
{
    End,
    Name,
    Integer,
    Float,
    Text,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Open,
    Close,
    Comma,
    Plus,
    Minus,
    Not,
    And,
    Or,
    Between,
    In,
    True,
    False,
    Null,
    Is,
    Contains,
    StartsWith,
    EndsWith,
}
