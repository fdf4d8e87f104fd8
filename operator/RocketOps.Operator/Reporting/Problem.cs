namespace RocketOps.Operator.Reporting;

/// <summary>Why the operator cannot go on by itself.</summary>
/// <param name="Reason">One of <see cref="Reasons"/>.</param>
/// <param name="Message">For the person who has to change something: what is wrong, what is allowed, what to do.</param>
internal sealed record Problem(string Reason, string Message);
