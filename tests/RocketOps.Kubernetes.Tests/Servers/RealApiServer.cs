using System.Net;
using System.Net.Sockets;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;

namespace RocketOps.Kubernetes.Tests.Servers;

/// <summary>One etcd and kube-apiserver of the kit for all tests of ring <c>cluster</c>.</summary>
public sealed class RealApiServer : IApiServer, IAsyncLifetime
{
    public const string Collection = "real API server";

    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(3);

    private readonly TempDirectory _directory = new("rocketops-kube-");
    private bool _isUp;

    public bool EvaluatesRules => true;

    private string State => _directory.File("state");

    public KubernetesClient CreateClient(KubernetesTypes? types = null)
    {
        string? reason = RingRules.Current.WhySkipGuest(RingRules.Cluster, SharedKits.WhyMissing(SharedKits.Kube));
        Skip.If(reason is not null, reason);
        return new KubernetesClient(KubernetesClientConfiguration.FromKubeconfig(Path.Combine(State, "admin.conf")), types);
    }

    public async Task InitializeAsync()
    {
        if (!RingRules.Current.IsAskedFor(RingRules.Cluster) || SharedKits.WhyMissing(SharedKits.Kube) is not null)
        {
            return;
        }

        _isUp = true;
        ProcessResult result = await ChildProcess.RunAsync(
            Path.Combine(SharedKits.Kube, "kube-up.sh"), ["--api-only", "--api-port", FreePorts().ToString()], StartDeadline, Environment());
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException($"kube-up.sh ended with {result.ExitCode}:\n{result.Output}\n{result.Error}");
        }
    }

    public async Task DisposeAsync()
    {
        if (_isUp)
        {
            await ChildProcess.RunAsync(Path.Combine(SharedKits.Kube, "kube-down.sh"), [], StartDeadline, Environment());
        }

        _directory.Dispose();
    }

    private Dictionary<string, string> Environment() => new() { ["STATE"] = State };

    /// <summary>The kit takes the port of the API and the two after it for etcd.</summary>
    private static int FreePorts()
    {
        for (int port = 30200; port < 30290; port += 3)
        {
            if (Enumerable.Range(port, 3).All(IsFree))
            {
                return port;
            }
        }

        throw new InvalidOperationException("No three free ports in a row from 30200 on.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
