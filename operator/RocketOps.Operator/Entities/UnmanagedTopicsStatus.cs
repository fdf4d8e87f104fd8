using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>Topics on a cluster's masters that no object speaks of.</summary>
public sealed class UnmanagedTopicsStatus
{
    /// <summary>Enough to see where they come from.</summary>
    internal const int MaxNames = 5;

    [Required]
    [Description("How many there are, each counted once.")]
    public int Count { get; set; }

    [Description("The first of them by name.")]
    [Items(max: MaxNames)]
    public List<string>? Names { get; set; }
}
