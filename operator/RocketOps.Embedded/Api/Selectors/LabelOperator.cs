namespace RocketOps.Embedded.Api.Selectors;

internal enum LabelOperator
{
    Present,
    Absent,
    In,

    /// <summary>Also true when the label is absent.</summary>
    NotIn,
    GreaterThan,
    LessThan,
}
