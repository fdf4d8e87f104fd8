using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Replies;
using RocketOps.Broker.Sending;
using RocketOps.Broker.StaticTopics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Failover;

/// <summary>
/// Passes on to the master what clients ask of a member that does not lead: their connection, or their route, is from before the master changed. The master's answer is theirs, so an acknowledgement still comes from
/// who leads; while nobody does, in the middle of a hand-over, or while its followers have yet to come, the request waits. A request is passed on once: a member that gets it so and does not lead says that, and the one before looks again. Thread-safe.
/// </summary>
internal sealed class MasterForwarder(BrokerSettings settings, CurrentOptions<ReplicationOptions> options, MemberStanding group, RemotingClient client, MisledClients misled, TimeProvider time)
{
    /// <summary>
    /// Time for which a request waits for the master. Less than the 3 s that clients wait: they are to hear something while they still
    /// listen.
    /// </summary>
    public static readonly TimeSpan SendPatience = TimeSpan.FromMilliseconds(2_500);

    /// <summary>Between looks for a master; a hand-over takes a tenth of a second.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Requests under way to the master or waiting for one; their bodies count for their connections besides.</summary>
    private const int MaxWaiting = 4_096;

    private const string Unreached = "could not be reached";

    private int _waiting;

    // Nobody listened there a moment ago, or that member had yet to begin. Until a master serves thousands of requests may wait for it, and one that asks each pause is enough for all.
    private volatile AskedInVain? _askedInVain;

    /// <summary><see cref="SendPatience"/>, but where time is another.</summary>
    public TimeSpan Patience { get; set; } = SendPatience;

    /// <summary>True when what changes the master's tables is not for this member.</summary>
    public bool IsElsewhere => !group.Leads;

    /// <summary>
    /// Tells whether a question to the master is not for this member: another one leads, or is about to as this one has handed over; or
    /// another member took this one for it.
    /// </summary>
    /// <param name="hasRemark">Of the request: only members write one.</param>
    public bool PassesOn(bool hasRemark) => !group.Leads && (hasRemark || group.MasterElsewhere is not null || group.SinceLed < Patience);

    /// <summary>Tells whether a send was refused because another member leads, or is about to.</summary>
    public bool Takes(SendStatus refused) => refused is SendStatus.Slave or SendStatus.NotLeading || (refused == SendStatus.StoreNotAvailable && !group.TakesMessages && !group.LacksCopies);

    /// <summary>The master's answer, or null: this member takes messages itself now, and the request is to be handled here. A refusal that clients answer with another attempt when no master was found in time.</summary>
    public async Task<RemotingCommand?> ForwardAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        if (request.Remark == GroupRequests.PassedOn)
        {
            return RemotingCommand.CreateResponse(request, GroupRequests.NotLeading, "this member of the group does not lead");
        }

        // Who has the lease, and only waits for its followers or for its renewal, is asked by the right address.
        if (group.HeldEpoch == 0)
        {
            misled.Note(connection, request);
        }

        try
        {
            return Interlocked.Increment(ref _waiting) > MaxWaiting
                ? RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, "service not available now: too many requests wait for the group's master; send again")
                : await WaitAsync(request, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Has the other members look for the client that a reply is for: it may still be connected to who led before. False when none of them has given it the reply. All at once: one that cannot be reached holds nobody up.</summary>
    public async Task<bool> AskOthersAsync(RemotingCommand reply, CancellationToken cancellationToken)
    {
        ElectionSettings? members = settings.Current.Group;
        List<Task<bool>> asked = [.. (members?.Members ?? []).Where(member => member.Name != members!.Options.Member).Select(member => AskForClientAsync(member.Address, reply, cancellationToken))];
        await foreach (Task<bool> one in Task.WhenEach(asked))
        {
            if (await one)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> AskForClientAsync(string member, RemotingCommand reply, CancellationToken cancellationToken)
    {
        try
        {
            RemotingConnection connection = await client.ConnectAsync(member, cancellationToken).WaitAsync(Patience, time, cancellationToken);
            return (await connection.InvokeAsync(Copy(reply, GroupRequests.ForClientHere), Patience, cancellationToken)).Code == ResponseCode.Success;
        }
        catch (Exception failure) when (failure is IOException or TimeoutException or InvalidOperationException)
        {
            // Nobody is connected to a member that cannot be reached. One that does not answer may have given it to the client, which drops a second one.
            return false;
        }
    }

    private static RemotingCommand Copy(RemotingCommand request, string remark) => new()
    {
        Code = request.Code,
        Language = request.Language,
        Version = request.Version,
        SerializeType = request.SerializeType,
        Remark = remark,
        ExtFields = request.ExtFields,
        Body = request.Body,
    };

    private async Task<RemotingCommand?> WaitAsync(RemotingCommand request, CancellationToken cancellationToken)
    {
        long since = time.GetTimestamp();
        string found = "nobody else was found to";
        while (!group.TakesMessages && !group.LacksCopies)
        {
            TimeSpan left = Patience - time.GetElapsedTime(since);
            if (left <= TimeSpan.Zero)
            {
                return group.IsShortOfCopies ? RemotingCommand.CreateResponse(request, ResponseCode.SystemError, SendRefusals.TooFewReplicas(options.Value)) : RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, $"service not available now: this broker does not lead its group at the moment, or has only just begun to, and {found}; send again");
            }

            if (group.MasterElsewhere is { } master)
            {
                (RemotingCommand? answer, string why) = await AskAsync(master, request, left, cancellationToken);
                if (answer is not null)
                {
                    return answer;
                }

                found = $"{master}, which has the lease, {why}";
            }

            await Task.Delay(Pause, time, cancellationToken);
        }

        return null;
    }

    /// <summary>
    /// No answer when that member cannot be reached, or does not lead either: then why. Who has got the request and does not answer may have carried it out: whether it is sent again is then for the client to say, as when it
    /// had asked the master itself. Else a message would be stored twice that its producer sent once.
    /// </summary>
    private async Task<(RemotingCommand? Answer, string Why)> AskAsync(string master, RemotingCommand request, TimeSpan patience, CancellationToken cancellationToken)
    {
        long since = time.GetTimestamp();
        if (_askedInVain is { } last && last.Master == master
            && (time.GetElapsedTime(last.At, since) < Pause || !ReferenceEquals(Interlocked.CompareExchange(ref _askedInVain, last with { At = since }, last), last)))
        {
            return (null, last.Why);
        }

        RemotingCommand passedOn = Copy(request, GroupRequests.PassedOn);
        RemotingConnection connection;
        try
        {
            // The next look waits for the same attempt, unless somebody else leads by then: behind the address of a pod that is gone there may be nobody to say so.
            connection = await client.ConnectAsync(master, cancellationToken).WaitAsync(Pause, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return (null, Unreached);
        }
        catch (IOException)
        {
            return (null, InVain(master, Unreached));
        }

        TimeSpan left = patience - time.GetElapsedTime(since);
        if (left <= TimeSpan.Zero)
        {
            return (null, "was reached too late");
        }

        try
        {
            RemotingCommand answer = await connection.InvokeAsync(passedOn, left, cancellationToken);
            if (answer.Code == GroupRequests.NotLeading)
            {
                return (null, InVain(master, "does not lead yet, or not any more"));
            }

            _askedInVain = null;
            return (PhysicalRequests.AnswerOf(request, answer), string.Empty);
        }
        catch (InvalidOperationException)
        {
            // This one was not sent.
            return (null, "has too many requests under way");
        }
        catch (Exception failure) when (failure is IOException or TimeoutException)
        {
            return (RemotingCommand.CreateResponse(request, ResponseCode.ServiceNotAvailable, $"service not available now: {master}, which leads the group, was asked and did not answer, and may have carried it out; send again"), string.Empty);
        }
    }

    private string InVain(string master, string why)
    {
        _askedInVain = new AskedInVain(master, why, time.GetTimestamp());
        return why;
    }

    private sealed record AskedInVain(string Master, string Why, long At);
}
