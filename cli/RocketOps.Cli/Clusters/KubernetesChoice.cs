using RocketOps.Cli.Contexts;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Cli.Clusters;

/// <summary>
/// Which Kubernetes has a group: the one that was named, else that of the only <c>rocketops up</c> with the group's cluster, else the kubeconfig's. A name alone is not
/// enough where two have such a group: nobody wants the other one's master to change.
/// </summary>
/// <param name="shell">Gives the one that was not named its time to answer.</param>
/// <param name="running">What runs on this machine.</param>
internal sealed class KubernetesChoice(Shell shell, IReadOnlyList<UpInstance> running)
{
    /// <summary>Time limit for a kubeconfig that nobody named: its cluster may be something else altogether, and a person waits.</summary>
    private static readonly TimeSpan PatienceElsewhere = TimeSpan.FromSeconds(5);

    /// <param name="group">The group.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="kubeconfig">The file that was named; null when none was.</param>
    /// <param name="context">The context that was named; null when none was.</param>
    /// <param name="cancellation">Ends the asking.</param>
    /// <returns>The choice, or a sentence that says between which to choose.</returns>
    public async Task<(KubernetesClientConfiguration? Choice, string? Problem)> OfAsync(string group, string ns, string? kubeconfig, string? context, CancellationToken cancellation)
    {
        if (kubeconfig is not null || context is not null)
        {
            return (KubernetesClientConfiguration.FromKubeconfig(kubeconfig, context), null);
        }

        string[] here = [.. running.Where(up => up.Clusters.Any(cluster => IsOf(cluster.Cluster, group, ns))).Select(static up => Path.Combine(up.DataDirectory, "kubeconfig"))];
        if (here.Length == 0)
        {
            return FromKubeconfig(group, ns);
        }

        KubernetesClientConfiguration own = KubernetesClientConfiguration.FromKubeconfig(here[0]);
        List<string> ways = [.. here.Select(static file => $"--kubeconfig {ShellWord.Quote(file)} is a rocketops up")];
        if (Elsewhere() is { } current && current.Server != own.Server && await HasAsync(current, group, ns, cancellation))
        {
            ways.Add($"--context NAME is {current.Server} ({current.Source})");
        }

        return ways.Count == 1 ? (own, null) : (null, $"several have a group {group} in the namespace {ns}; choose one: {string.Join("; ", ways)}.");
    }

    /// <summary>A slip in the name of a group that runs here is more likely than another Kubernetes where there is no kubeconfig.</summary>
    private (KubernetesClientConfiguration? Choice, string? Problem) FromKubeconfig(string group, string ns)
    {
        string[] clusters = [.. running.SelectMany(static up => up.Clusters).Select(static cluster => cluster.Cluster).Distinct(StringComparer.Ordinal)];
        try
        {
            return (KubernetesClientConfiguration.FromKubeconfig(), null);
        }
        catch (KubernetesConfigurationException none) when (clusters.Length > 0)
        {
            string number = group[(group.LastIndexOf('-') + 1)..];
            string hint = NearestWord.Hint($"{ns}/{group}", clusters.Select(cluster => $"{cluster}-{number}"));
            return (null, $"no rocketops up has a cluster with a group {group} in the namespace {ns}, only {string.Join(", ", clusters)}.{hint} {none.Message}");
        }
    }

    /// <summary>A group is called as its cluster, with its number behind.</summary>
    private static bool IsOf(string cluster, string group, string ns) => group.LastIndexOf('-') is > 0 and var dash && cluster == $"{ns}/{group[..dash]}";

    private static KubernetesClientConfiguration? Elsewhere()
    {
        try
        {
            return KubernetesClientConfiguration.FromKubeconfig();
        }
        catch (KubernetesConfigurationException)
        {
            // Whoever has none, or one that cannot be used, cannot have meant it.
            return null;
        }
    }

    /// <summary>
    /// Tells whether the group's Lease is there. False also for a Kubernetes that does not answer: nothing could be handed over there
    /// either.
    /// </summary>
    private async Task<bool> HasAsync(KubernetesClientConfiguration kubernetes, string group, string ns, CancellationToken cancellation)
    {
        using CancellationTokenSource late = new(shell.Patient(PatienceElsewhere), shell.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        using KubernetesClient client = new(kubernetes, time: shell.Time);
        try
        {
            return await client.GetAsync<Lease>(group, ns, either.Token) is not null;
        }
        catch (Exception unanswered) when (unanswered is KubernetesException or KubernetesConfigurationException or HttpRequestException or IOException || (unanswered is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            await shell.Error.WriteLineAsync(
                $"{kubernetes.Server} ({kubernetes.Source}) does not tell whether it has a group {group} too ({(unanswered is OperationCanceledException ? "no answer in time" : unanswered.Message.TrimEnd('.'))}).");
            return false;
        }
    }
}
