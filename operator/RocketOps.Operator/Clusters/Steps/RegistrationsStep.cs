using Microsoft.Extensions.Logging;
using RocketOps.Client;
using RocketOps.Kubernetes;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Asks a name server which brokers have registered.</summary>
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
        if (observation.ReadyNameServers == 0)
        {
            // Nobody to ask; waiting for an answer that cannot come would hold up other clusters.
            return BrokerRegistrations.Unknown;
        }

        ObjectKey key = context.Cluster.Key();
        string address = context.Names.NameServerRegistrationAddress;
        IRocketMqAdmin admin = _admins.Get(key, address);
        using CancellationTokenSource deadline = new CancellationTokenSource(_options.AdminTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return new BrokerRegistrations(await admin.GetClusterInfoAsync(either.Token));
        }
        catch (Exception unreachable) when (AdminFailures.IsFailure(unreachable, cancellationToken))
        {
            LogUnreachable(unreachable, address, key);
            return BrokerRegistrations.Unknown;
        }
    }

    [LoggerMessage(EventId = 5001, Level = LogLevel.Debug, Message = "Name servers {Address} of cluster {Cluster} do not answer; the next pass asks again.")]
    private partial void LogUnreachable(Exception exception, string address, ObjectKey cluster);
}
