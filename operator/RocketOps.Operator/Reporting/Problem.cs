namespace RocketOps.Operator.Reporting;

/// <summary>Reason why the operator cannot go on by itself.</summary>
/// <param name="Reason">One of <see cref="Reasons"/>.</param>
/// <param name="Message">For the person who has to change something: what is wrong, what is allowed, what to do.</param>
internal sealed record Problem(string Reason, string Message)
{
    /// <summary>Several as one, under the first one's reason; null when there is none.</summary>
    public static Problem? Join(IEnumerable<Problem?> problems)
    {
        Problem[] all = problems.OfType<Problem>().ToArray();
        return all.Length == 0 ? null : new Problem(all[0].Reason, string.Join(" ", all.Select(static problem => problem.Message).Distinct(StringComparer.Ordinal)));
    }
}
