namespace RocketOps.Operator.Reporting;

/// <summary>Types of conditions, as kstatus and <c>kubectl wait</c> read them.</summary>
internal static class ConditionTypes
{
    /// <summary>Everything asked for is there and serves.</summary>
    public const string Ready = "Ready";

    /// <summary>The operator is working on it. Never true together with <see cref="Stalled"/>.</summary>
    public const string Reconciling = "Reconciling";

    /// <summary>The operator cannot go on until somebody changes something.</summary>
    public const string Stalled = "Stalled";

    /// <summary>Clients can send and receive: every group has a registered master that takes messages.</summary>
    public const string Available = "Available";

    /// <summary>Something that should run does not.</summary>
    public const string Degraded = "Degraded";

    /// <summary>Slaves hold what their masters hold.</summary>
    public const string Replicated = "Replicated";

    /// <summary>No two members of a group are on one node.</summary>
    public const string Spread = "Spread";

    /// <summary>The API server refuses to delete the object. There while its annotation asks for that.</summary>
    public const string Protected = "Protected";

    /// <summary>Somebody told the operator to change nothing. There while it is so.</summary>
    public const string Paused = "Paused";

    /// <summary>All of them: a condition of another type is somebody else's.</summary>
    public static readonly IReadOnlySet<string> All = new HashSet<string>(StringComparer.Ordinal) { Ready, Reconciling, Stalled, Available, Degraded, Replicated, Spread, Protected, Paused };
}
