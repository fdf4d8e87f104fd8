namespace RocketOps.Embedded.Kubelet.Containers;

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
