namespace RocketOps.Hosting.Properties;

/// <summary>
/// Result of reading a configuration. With errors the values must not be used: every error is reported and the start refused.
/// </summary>
public sealed record PropertyLoadResult(PropertyValues Values, IReadOnlyList<PropertyProblem> Errors, IReadOnlyList<PropertyProblem> Warnings);
