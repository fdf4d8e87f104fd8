using System.CommandLine;
using RocketOps.Cli.Contexts;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Cli.Up;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Cli.Topics;

/// <summary>
/// Keeps commands from changing a topic that a Topic object has: the operator would put it back. Brokers do not know of objects, so the Kubernetes of a running
/// <c>rocketops up</c> is asked that has a cluster of the brokers' name, else that of the user's kubeconfig.
/// </summary>
internal static class TopicGuard
{
    /// <summary>Time limit for the API of a running up, which may be busy but answers.</summary>
    private static readonly TimeSpan PatienceHere = TimeSpan.FromSeconds(60);

    /// <summary>Time limit for the API of the kubeconfig, which may be of something else altogether, while a person waits.</summary>
    private static readonly TimeSpan PatienceElsewhere = TimeSpan.FromSeconds(5);

    public static Option<bool> Force() => new("--force") { Description = "Also a topic that a Topic object has; its operator puts back what differs" };

    /// <summary>
    /// Returns when nothing is known to be against it; says on standard error when nobody could be asked. Throws <see cref="CommandFailedException"/> naming the object, or
    /// when a running <c>rocketops up</c> has the cluster and does not tell.
    /// </summary>
    /// <param name="shell">Where to say it.</param>
    /// <param name="topic">Its name on the brokers.</param>
    /// <param name="masters">The brokers the command is about.</param>
    /// <param name="isForced">Do not ask.</param>
    /// <param name="consequence">What the operator would do, as in "the operator would CONSEQUENCE".</param>
    /// <param name="instead">The kubectl command for it, with {0} for the object's name and namespace.</param>
    /// <param name="cancellation">Ends the asking.</param>
    public static async Task CheckAsync(
        Shell shell, string topic, IReadOnlyList<BrokerData> masters, bool isForced, string consequence, System.Text.CompositeFormat instead, CancellationToken cancellation)
    {
        if (isForced)
        {
            return;
        }

        HashSet<string> clusters = [.. masters.Select(static broker => broker.Cluster)];
        string[] running = [.. UpInstance.FindAll(UpInstance.StateFolder()).Where(up => up.Clusters.Any(cluster => clusters.Contains(NameOf(cluster.Cluster)))).Select(static up => Path.Combine(up.DataDirectory, "kubeconfig"))];
        string?[] kubeconfigs = running.Length > 0 ? [.. running] : [null];
        foreach (string? kubeconfig in kubeconfigs)
        {
            try
            {
                if (await FindAsync(shell, kubeconfig, topic, clusters, cancellation) is { } owner)
                {
                    string[] names = owner.Key.Split('/');
                    string command = string.Format(System.Globalization.CultureInfo.InvariantCulture, instead, $"{names[^1]} -n {names[0]}");
                    throw new CommandFailedException(
                        $"{topic} belongs to the Topic object {owner.Key}: the operator would {consequence}. Use {(kubeconfig is null ? "" : $"KUBECONFIG={ShellWord.Quote(kubeconfig)} ")}{command}, or --force.");
                }
            }
            catch (Exception unanswered) when (unanswered is KubernetesException or KubernetesConfigurationException or HttpRequestException or IOException || (unanswered is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                string unknown =
                    $"{topic}: whether a Topic object has it could not be asked ({(unanswered is OperationCanceledException ? "no answer in time" : unanswered.Message.TrimEnd('.'))}). If one does, the operator will {consequence}.";
                if (kubeconfig is not null)
                {
                    throw new CommandFailedException($"{unknown} --force does it unasked.", unanswered);
                }

                await shell.Error.WriteLineAsync(unknown);
            }
        }
    }

    /// <summary>The object among these that has the topic in one of these clusters; null when none has.</summary>
    public static TopicView? OwnerAmong(IEnumerable<TopicView> topics, string topic, IReadOnlySet<string> clusters) =>
        topics.FirstOrDefault(view => view.TopicName == topic && clusters.Contains(NameOf(view.Cluster)));

    private static string NameOf(string key) => key[(key.LastIndexOf('/') + 1)..];

    private static async Task<TopicView?> FindAsync(Shell shell, string? kubeconfig, string topic, IReadOnlySet<string> clusters, CancellationToken cancellation)
    {
        using CancellationTokenSource late = new(shell.Patient(kubeconfig is null ? PatienceElsewhere : PatienceHere), shell.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        using KubernetesClient client = new(KubernetesClientConfiguration.FromKubeconfig(kubeconfig), time: shell.Time);
        try
        {
            return OwnerAmong((await client.For(TopicView.Kind).ListAsync<KubernetesObject>(cancellationToken: either.Token)).Items.Select(TopicView.Of), topic, clusters);
        }
        catch (KubernetesException unknown) when (unknown.Code == System.Net.HttpStatusCode.NotFound)
        {
            // A Kubernetes without the kind has no object of it.
            return null;
        }
    }
}
