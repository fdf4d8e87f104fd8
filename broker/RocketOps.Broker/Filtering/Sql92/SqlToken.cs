namespace RocketOps.Broker.Filtering.Sql92;

/// <summary>A word of an expression.</summary>
/// <param name="Kind">Kind of the word.</param>
/// <param name="Start">Start of the word, in chars.</param>
/// <param name="Length">Length in chars; 0 at the end.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, int Start, int Length);

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
