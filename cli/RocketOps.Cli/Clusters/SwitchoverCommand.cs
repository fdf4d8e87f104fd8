using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Contexts;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Client.Configuration;
using RocketOps.Kubernetes.Client.Transport;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Leadership;

namespace RocketOps.Cli.Clusters;

/// <summary><c>rocketops cluster switchover</c>: has another member lead a group, by a wish in its Lease or, where there is no Kubernetes, by asking its master, and waits until it does.</summary>
internal static class SwitchoverCommand
{
    /// <summary>A hand-over takes fractions of a second, and is given up by the master after five.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(100);

    public static Command Create(Shell shell)
    {
        Argument<string> group = new("GROUP") { Description = "Name of the broker group, which is that of its Lease" };
        Option<string?> to = new("--to") { Description = "Member that is to lead; another one that is in sync if absent", HelpName = "MEMBER" };
        Option<string> ns = new("--namespace") { Description = "Namespace of the group's cluster", DefaultValueFactory = static _ => "default" };
        Option<string?> kubeconfig = new("--kubeconfig") { Description = "Kubeconfig of the Kubernetes to ask; if absent, that of a running rocketops up with the group's cluster, else KUBECONFIG, else ~/.kube/config", HelpName = "FILE" };
        Option<string?> context = new("--context") { Description = "Context of the kubeconfig; the current one if absent", HelpName = "NAME" };
        Option<string?> nameServers = CommonOptions.NameServersIfGiven("Ask the group's master, found through these name servers (host:port;host:port, or a context), not Kubernetes");
        Option<string> output = Changes.Option();
        DocumentedCommand command = new(
            "switchover",
            "Let another member lead a group that elects its master, on Kubernetes, in rocketops up, or anywhere with -n",
            "rocketops cluster switchover orders-0",
            "rocketops cluster switchover orders-0 --to orders-0-1 --namespace mq",
            "rocketops cluster switchover orders-0 --context production",
            "rocketops cluster switchover orders-0 --to b -n 10.0.0.1:9876") { group, to, ns, kubeconfig, context, nameServers, output };
        command.Validators.Add(result =>
        {
            if (result.GetResult(nameServers) is not null && (result.GetResult(kubeconfig) is not null || result.GetResult(context) is not null))
            {
                result.AddError("-n asks the group's master itself: it does not go with --kubeconfig or --context.");
            }
        });
        command.SetAction((parsed, cancellation) => Changes.RunAsync(shell, parsed.GetRequiredValue(output), async changes =>
        {
            if (parsed.GetValue(nameServers) is { } servers)
            {
                await using ClusterConnection cluster = new(servers, shell);
                await new BrokerSwitchover(shell, cluster, changes).RunAsync(parsed.GetRequiredValue(group), parsed.GetValue(to), cancellation);
                return ExitCodes.Success;
            }

            (string name, string space) = (parsed.GetRequiredValue(group), parsed.GetValue(ns)!);
            (KubernetesClientConfiguration? choice, string? problem) =
                await new KubernetesChoice(shell, UpInstance.FindAll(UpInstance.StateFolder())).OfAsync(name, space, parsed.GetValue(kubeconfig), parsed.GetValue(context), cancellation);
            if (choice is null)
            {
                await shell.Error.WriteLineAsync($"{shell.StyledError("rocketops cluster switchover:")} {problem}");
                return ExitCodes.WrongUsage;
            }

            // Said before anything changes: which cluster it is was not necessarily typed.
            await shell.Error.WriteLineAsync($"Asking {choice.Server} ({choice.Source}), namespace {space}.");
            using KubernetesClient client = new(choice, time: shell.Time);
            await RunAsync(shell, client, changes, name, space, parsed.GetValue(to), cancellation);
            return ExitCodes.Success;
        }));
        return command;
    }

    /// <summary>Fields that tell programs of a group's new master.</summary>
    /// <param name="group">The group.</param>
    /// <param name="before">Who led; null where that is not known.</param>
    /// <param name="now">Who leads.</param>
    /// <param name="epoch">Of whom leads.</param>
    public static JsonObject Fields(string group, string? before, string now, long epoch) => new() { ["group"] = group, ["done"] = "moved", ["from"] = before, ["to"] = now, ["epoch"] = epoch };

    /// <param name="shell">Its clock and patience.</param>
    /// <param name="client">Of the cluster's API server.</param>
    /// <param name="changes">Where it is told.</param>
    /// <param name="group">The group.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="to">Who is to lead; null for the first other one in sync.</param>
    /// <param name="cancellation">Ends the waiting, not the wish.</param>
    public static async Task RunAsync(Shell shell, IKubernetesClient client, Changes changes, string group, string ns, string? to, CancellationToken cancellation)
    {
        GroupLease before = await ReadAsync(client, group, ns, cancellation);
        string holder = before.Holder ?? throw new CommandFailedException($"nobody leads {group}, so nobody can hand over; its members say why in their logs.");
        string[] others = [.. before.InSync.Where(member => member != holder)];
        string successor = to ?? others.FirstOrDefault() ?? throw new CommandFailedException($"no other member of {group} is in sync with {holder}.");
        if (successor == holder)
        {
            throw new CommandFailedException($"{holder} leads {group} already.");
        }

        if (!others.Contains(successor, StringComparer.Ordinal))
        {
            throw new CommandFailedException($"{successor} is not in sync, so {holder} does not hand over to it; in sync are: {(others.Length == 0 ? "no others" : string.Join(", ", others))}.");
        }

        JsonObject wish = new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [GroupLease.HandOverAnnotation] = successor } } };
        await client.PatchAsync<Lease>(group, ns, KubernetesPatch.Merge(wish), new WriteOptions { FieldManager = "rocketops" }, cancellation);
        long begin = shell.Time.GetTimestamp();
        while (true)
        {
            GroupLease now = await ReadAsync(client, group, ns, cancellation);
            if (now.Holder is { } master && now.Epoch > before.Epoch)
            {
                await changes.DoneAsync(string.Create(CultureInfo.InvariantCulture, $"{master} leads {group} in epoch {now.Epoch}. {now.History}").TrimEnd(), Fields(group, holder, master, now.Epoch));
                if (master != successor)
                {
                    throw new CommandFailedException($"{master} was elected instead of {successor}.");
                }

                return;
            }

            if (shell.Time.GetElapsedTime(begin) > shell.Patient(Patience))
            {
                throw new CommandFailedException($"{holder} has not handed {group} over to {successor}; it says why in its log.");
            }

            await Task.Delay(LookPeriod, shell.Time, cancellation);
        }
    }

    private static async Task<GroupLease> ReadAsync(IKubernetesClient client, string group, string ns, CancellationToken cancellation) =>
        await client.GetAsync<Lease>(group, ns, cancellation) is { } lease
            ? GroupLease.Of(lease)
            : throw new CommandFailedException($"there is no Lease {ns}/{group}: the group has fixed roles, has never had a master, is in another namespace (--namespace), or is not on Kubernetes (-n).");
}
