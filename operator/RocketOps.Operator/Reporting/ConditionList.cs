using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Reporting;

/// <summary>
/// Builds an object's next conditions out of its last ones: times of transition are kept where the status stays, types not set any more are dropped, and the
/// order is that of the calls, so equal findings give an equal list.
/// </summary>
internal sealed class ConditionList
{
    private readonly List<Condition> _previous;
    private readonly List<Condition> _next = [];
    private readonly long? _generation;
    private readonly DateTimeOffset _now;

    public ConditionList(IEnumerable<Condition>? previous, long? generation, DateTimeOffset now)
    {
        _previous = [.. previous ?? []];
        _generation = generation;
        _now = now;
    }

    public List<Condition> ToList() => _next;

    public ConditionList True(string type, string reason, string message) => Set(type, ConditionStatus.True, reason, message);

    public ConditionList False(string type, string reason, string message) => Set(type, ConditionStatus.False, reason, message);

    public ConditionList Unknown(string type, string reason, string message) => Set(type, ConditionStatus.Unknown, reason, message);

    /// <summary>
    /// The three kstatus looks at. A problem stalls; work under way reconciles; otherwise the object is ready. Never two of them at once.
    /// </summary>
    public ConditionList Outcome(Problem? problem, Problem? pending, string readyMessage, string readyReason = Reasons.AllReady)
    {
        if (problem is not null)
        {
            return False(ConditionTypes.Ready, problem.Reason, problem.Message)
                .False(ConditionTypes.Reconciling, problem.Reason, "")
                .True(ConditionTypes.Stalled, problem.Reason, problem.Message);
        }

        if (pending is not null)
        {
            return False(ConditionTypes.Ready, pending.Reason, pending.Message)
                .True(ConditionTypes.Reconciling, pending.Reason, pending.Message)
                .False(ConditionTypes.Stalled, Reasons.AsExpected, "");
        }

        return True(ConditionTypes.Ready, readyReason, readyMessage)
            .False(ConditionTypes.Reconciling, Reasons.UpToDate, "")
            .False(ConditionTypes.Stalled, Reasons.AsExpected, "");
    }

    private ConditionList Set(string type, string status, string reason, string message)
    {
        Condition condition = new Condition { Type = type, Status = status, Reason = reason, Message = message, ObservedGeneration = _generation };

        // Set in a copy of the old list gives the right transition time; taken over into the new one, order and dropped types follow the calls.
        Conditions.Set(_previous, condition, _now);
        _next.Add(condition);
        return this;
    }
}
