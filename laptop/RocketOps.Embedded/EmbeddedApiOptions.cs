using Microsoft.Extensions.Logging;

namespace RocketOps.Embedded;

/// <summary>Options of an <c>EmbeddedApiServer</c>. The defaults suit tests: in memory, on a free port.</summary>
public sealed class EmbeddedApiOptions
{
    /// <summary>Directory of objects, certificates and the token; null keeps everything in memory. One server per directory.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Loopback port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Cluster addresses of Services begin at 127.96.N.1: control planes beside each other need different ones, since something listens there.</summary>
    public byte ServiceSubnet { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Serves <c>pods/log</c>; null answers that no log is there.</summary>
    public IPodLogSource? PodLogs { get; init; }

    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Past changes kept for watches and exact lists, over all kinds. Further back the answer is 410, as after compaction of the real store.</summary>
    public int WatchWindow { get; init; } = 8192;

    /// <summary>Largest request body; kube-apiserver's limit.</summary>
    public long MaxBodyBytes { get; init; } = 3_145_728;

    /// <summary>Between bookmarks of a watch; kube-apiserver sends one about each minute.</summary>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest wait of a watch for a client that does not read, before it is cut.</summary>
    public TimeSpan SlowReaderTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time for which Events are kept; kube-apiserver's default.</summary>
    public TimeSpan EventRetention { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// True when the server does what kube-controller-manager does for deletion: owner-reference collection, foreground and orphan
    /// deletion, emptying of namespaces. Switch off to compare with a bare kube-apiserver.
    /// </summary>
    public bool CollectGarbage { get; init; } = true;
}
