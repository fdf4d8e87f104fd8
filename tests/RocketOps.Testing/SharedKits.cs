namespace RocketOps.Testing;

/// <summary>
/// Where foreign programs for the outer test rings lie: the folder <c>shared</c> beside the repository, or <c>ROCKETOPS_SHARED</c>.
/// </summary>
public static class SharedKits
{
    /// <summary>The repository's root: the nearest folder above the tests that holds the solution.</summary>
    public static string RepositoryRoot { get; } = FindRepositoryRoot();

    public static string Root { get; } =
        Environment.GetEnvironmentVariable("ROCKETOPS_SHARED") is { Length: > 0 } given
            ? given
            : Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared"));

    /// <summary>Apache RocketMQ's servers and clients.</summary>
    public static string RocketMq => Path.Combine(Root, "rocketmq");

    /// <summary>The real Kubernetes.</summary>
    public static string Kube => Path.Combine(Root, "kube");

    /// <summary>All of Kubernetes' programs in one, compressed.</summary>
    public static string Hyperkube => Path.Combine(Kube, "bin", "hyperkube.xz");

    /// <summary>The Go client, compressed.</summary>
    public static string GoClient => Path.Combine(Root, "clients", "go", "client-smoke.xz");

    /// <summary>Stores written by Apache's brokers.</summary>
    public static string Stores => Path.Combine(Root, "rocketmq-stores");

    /// <summary>Why the kit in this folder cannot be used here, or null when it can.</summary>
    public static string? WhyMissing(string folder) =>
        Path.Exists(folder) ? null : $"{folder} is missing; ROCKETOPS_SHARED names the folder that holds the kits";

    private static string FindRepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RocketOps.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no RocketOps.sln above {AppContext.BaseDirectory}");
    }
}
