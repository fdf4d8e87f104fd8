using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.RequestReply;

namespace RocketOps.Broker.Failover;

/// <summary>
/// Service of a member that has led after it was told to stop: it goes on as long as clients still come for the master, whose requests it
/// passes on. A broker that is gone would refuse them until their attempts are used up, and who waits for a reply would not have it. An
/// address that follows the master has moved after seconds; routes that name a member itself are asked for anew every 30 s.
/// </summary>
internal sealed class Farewell(MemberStanding standing, MisledClients misled, CurrentOptions<FailoverOptions> options, BrokerAddress address, ProducerTable producers, AskerTable askers, TimeProvider time)
{
    /// <summary>Time that kube-proxy, which gathers changes for a second, takes on a busy node.</summary>
    private static readonly TimeSpan AddressMoves = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Time without a misled client after which no more is expected; a producer that sends now and then has lost its connection by then and
    /// made another.
    /// </summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public async Task WaitAsync()
    {
        long known = time.GetTimestamp();
        while (standing.SinceLed is { } since && since < options.Value.HandOverLinger && Comes(since))
        {
            if (standing.MasterElsewhere is not null)
            {
                known = time.GetTimestamp();
            }
            else if (time.GetElapsedTime(known) > AddressMoves)
            {
                // The whole group stops.
                return;
            }

            await Task.Delay(Look, time);
        }
    }

    private bool Comes(TimeSpan since) => since < AddressMoves || misled.Quiet < Quiet || askers.IsAnyAwaited() || (!address.FollowsMaster && producers.Groups.Any());
}
