using System.Globalization;
using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Asks every name server that serves which brokers have registered with it.</summary>
internal sealed partial class RegistrationsStep
{
    private readonly ClusterAdmins _admins;
    private readonly OperatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RegistrationsStep> _logger;

    public RegistrationsStep(ClusterAdmins admins, OperatorOptions options, TimeProvider time, ILogger<RegistrationsStep> logger)
    {
        _admins = admins;
        _options = options;
        _time = time;
        _logger = logger;
    }

    public async Task<BrokerRegistrations> RunAsync(ClusterContext context, ClusterObservation observation, CancellationToken cancellationToken)
    {
        string[] serving = [.. observation.NameServerPods.Where(static pod => !pod.IsDeleting() && ClusterObservation.IsReady(pod)).Select(Address).OfType<string>().Order(StringComparer.Ordinal)];
        if (serving.Length == 0)
        {
            // Nobody to ask; waiting for an answer that cannot come would hold up other clusters.
            return BrokerRegistrations.Unknown;
        }

        ObjectKey key = context.Cluster.Key();
        IRocketMqAdmin admin = _admins.Get(key, context.Names.NameServerRegistrationAddress);
        using CancellationTokenSource deadline = new CancellationTokenSource(_options.AdminTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        ClusterInfo?[] answers = await Task.WhenAll(serving.Select(address => AskAsync(admin, key, address, either.Token, cancellationToken)));
        return new BrokerRegistrations([.. answers.OfType<ClusterInfo>()], [.. serving.Where((_, i) => answers[i] is null)]);
    }

    private async Task<ClusterInfo?> AskAsync(IRocketMqAdmin admin, ObjectKey cluster, string address, CancellationToken token, CancellationToken pass)
    {
        try
        {
            return await admin.GetClusterInfoAsync(address, token);
        }
        catch (Exception unreachable) when (AdminFailures.IsFailure(unreachable, pass))
        {
            LogUnreachable(unreachable, address, cluster);
            return null;
        }
    }

    private static string? Address(Pod pod) => pod.Status?.PodIP is { Length: > 0 } ip
        ? string.Create(CultureInfo.InvariantCulture, $"{(ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : ip)}:{Ports.NameServer}")
        : null;

    [LoggerMessage(EventId = 5001, Level = LogLevel.Debug, Message = "Name server {Address} of cluster {Cluster} does not answer; the next pass asks again.")]
    private partial void LogUnreachable(Exception exception, string address, ObjectKey cluster);
}
