namespace RocketOps.Embedded;

/// <summary>Settings of the process kubelet and of the controllers beside it.</summary>
public sealed class ProcessKubeletOptions
{
    /// <summary>Folder that holds volumes, logs and everything else pods leave on this machine.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>
    /// Which local program stands for an image, by the last part of the image's name without tag:
    /// <c>example.org/rocketops/broker:1.0</c> looks up <c>broker</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, LocalProgram> Programs { get; init; }

    public string NodeName { get; init; } = "local";

    /// <summary>
    /// Services with a cluster address and all of these labels are reachable at a port of 127.0.0.1 too: that of their first port where it is free, else the next
    /// free one; remembered per Service. None when empty.
    /// </summary>
    public IReadOnlyDictionary<string, string> HostServiceLabels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Time a Service's pod gets to accept a connection before the next is asked: local, it answers at once or hangs.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Delay before a failing container's second restart, doubled each time; the kubelet of a cluster waits ten seconds.</summary>
    public TimeSpan FirstRestartDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest delay between restarts.</summary>
    public TimeSpan LongestRestartDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A container that ran so long starts over with the first delay. Matches the kubelet.</summary>
    public TimeSpan RestartDelayReset { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest wait for a container's output after its end: what it has started may hold that open.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest time pods get to end when the control plane stops, whatever their own grace period says.</summary>
    public TimeSpan LongestStopGrace { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>An executable on this machine that stands for a container image; its arguments come before the container's.</summary>
public sealed record LocalProgram(string FileName, params IReadOnlyList<string> Arguments);
