namespace RocketOps.Embedded.Kubelet.Pods;

/// <summary>State of a container at one moment, as the status of its pod shows it.</summary>
internal sealed record ContainerView
{
    public required string Name { get; init; }

    public required string Image { get; init; }

    public ContainerPhase Phase { get; init; } = ContainerPhase.Waiting;

    /// <summary>Reason why it waits or how it ended: ContainerCreating, CrashLoopBackOff, Completed, Error …</summary>
    public string Reason { get; init; } = "ContainerCreating";

    public string Message { get; init; } = "";

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public int ExitCode { get; init; }

    /// <summary>Id of the process, or 0 before the first start.</summary>
    public int ProcessId { get; init; }

    /// <summary>The startup probe, if there is one, has succeeded.</summary>
    public bool Started { get; init; }

    public bool Ready { get; init; }

    public int RestartCount { get; init; }

    /// <summary>The run before this one.</summary>
    public ContainerView? LastRun { get; init; }

    /// <summary>Ended for good: it will not be started again.</summary>
    public bool IsFinal { get; init; }
}

internal enum ContainerPhase
{
    Waiting,
    Running,
    Terminated,
}

/// <summary>spec.restartPolicy of a pod; init containers of an Always pod are restarted on failure only.</summary>
internal readonly record struct RestartPolicy(string Name)
{
    public static RestartPolicy OfContainer(string? policy) => new(policy ?? "Always");

    public static RestartPolicy OfInitContainer(string? policy) => new(policy == "Never" ? "Never" : "OnFailure");

    public bool Restarts(int exitCode) => Name switch
    {
        "Never" => false,
        "OnFailure" => exitCode != 0,
        _ => true,
    };
}
