using System.Globalization;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Replication;

// Four requests of our own among the members of a group, on the remoting port. RocketMQ's codes end far below (remoting.md §2).
// Each names clusterName and brokerName: what another cluster's or group's member asks is refused. And each says who sends it, and has that member's key (MemberKey, 64 hexadecimal digits), whose digest is in the lease: who
// has another key than the lease says is answered code 16 (MemberKeys). Members of versions of before send neither asker nor key.
//   71001 ASK_MEMBER   member (who is asked), asker (who asks), key  → groupId, member, incarnation, endEpoch, endOffset, promised, leads,
// members (names, separated by ','), seen, confirmedEpoch, confirmedOffset, hasRoom, hearsMaster, leaseStore, leaseLooked, leaseEpoch
//   71002 JOIN_MASTER  groupId, member (who asks), incarnation, epoch, key, confirmedEpoch, confirmedOffset → groupId, epoch, min, end,
// haPort, ticket; body: the epochs as in epochFileCheckpoint
//   71003 LEAVE_MASTER as JOIN_MASTER, ticket (of that member's last join) → nothing
//   71006 GET_GROUP_CONSUMERS asker, key, version (of the last answer, or nothing) → version; body, when that is another one: {"groups":{"GROUP":["CLIENT ID"]}}
// And one of people and tools:
//   71005 HAND_OVER_MASTER brokerName, [member]                      → member (who is to lead), epoch (that ends)
// What clients ask of a member that does not lead it passes on with the remark PassedOn, everything else as it came (but never one-way). Who gets it so and does not lead either answers code 71004.
// A reply (324, 325) to a client that the master does not know it sends to the other members with the remark ForClientHere: code 0 from the one whose client has taken it.
// A follower asks its master for tables (21, 43, 45, 60, 201, 402, 71006) and for the end of its log (28) with the field followedEpoch, as RocketMQ's slaves do without it: who has not led in that epoch since it started refuses, code 1.
// A follower that was let in begins its connection to the replication port with 16 bytes: FF 52 4F 47 52 50 30 31 ("\xFFROGRP01", as a number of RocketMQ's protocol a negative offset, which
// no slave reports) and the ticket, big-endian: 63 bits from the system's random numbers, which nobody guesses and which open the port in one epoch.

/// <summary>Writes and reads the requests of members among each other. Whatever is not as it is written here is an <see cref="InvalidDataException"/>.</summary>
internal static class GroupRequests
{
    public const int AskMember = 71_001;

    public const int JoinMaster = 71_002;

    public const int LeaveMaster = 71_003;

    /// <summary>Answer to a request that was passed on to a member that does not lead.</summary>
    public const int NotLeading = 71_004;

    public const int GetGroupConsumers = 71_006;

    /// <summary>Remark of a client's request that another member passes on. Requests of clients have none, and signatures leave it out.</summary>
    public const string PassedOn = "passed on by a member of the group";

    /// <summary>Remark of a reply that the master gives to the client that asked, which it does not know: it may still be connected to another member, which pushes it and does nothing else.</summary>
    public const string ForClientHere = "for a client of this member";

    /// <summary>Field of what a follower asks of its master: the epoch in which it follows.</summary>
    public const string FollowedEpoch = "followedEpoch";

    /// <summary>Limit of names and ids, in characters.</summary>
    private const int MaxText = 255;

    /// <summary>Limit of the names of all members together, in characters.</summary>
    private const int MaxNames = 16 * 1024;

    public static RemotingCommand Ask(GroupName group, string member, MemberSender sender) => Asked(AskMember, group, sender).Set("member", member);

    /// <summary>Reads who says to have sent one of the four; null for an earlier version that does not say.</summary>
    public static MemberSender? ReadSender(RemotingCommand request)
    {
        string field = request.Code is JoinMaster or LeaveMaster ? "member" : "asker";
        return request.Get(field) is null ? null : new MemberSender(NameOf(request, field), request.Get("key"));
    }

    public static RemotingCommand Answer(RemotingCommand request, MemberAnswer answer) => RemotingCommand.CreateResponse(request, ResponseCode.Success)
        .Set("groupId", answer.GroupId)
        .Set("member", answer.Copy.Member)
        .Set("incarnation", answer.Copy.Incarnation)
        .Set("endEpoch", answer.End.Epoch)
        .Set("endOffset", answer.End.Offset)
        .Set("promised", answer.Promised)
        .Set("leads", answer.Leads)
        .Set("members", string.Join(',', answer.Members))
        .Set("seen", answer.Seen)
        .Set("confirmedEpoch", Text(answer.Confirmed?.Epoch))
        .Set("confirmedOffset", Text(answer.Confirmed?.Offset))
        .Set("hasRoom", TextOf(answer.HasRoom))
        .Set("hearsMaster", TextOf(answer.HearsMaster))
        .Set("leaseStore", answer.Lease?.Store)
        .Set("leaseLooked", TextOf(answer.Lease?.HasLooked))
        .Set("leaseEpoch", Text(answer.Lease?.Epoch));

    public static MemberAnswer ReadAnswer(RemotingCommand answer) => new(
        TextOf(answer, "groupId"),
        new MemberCopy(NameOf(answer, "member"), NameOf(answer, "incarnation")),
        new LogEnd(NumberOf(answer, "endEpoch"), NumberOf(answer, "endOffset")),
        NumberOf(answer, "promised"),
        TruthOf(answer, "leads") ?? throw Wrong("leads"))
    {
        Members = NamesOf(answer, "members"),
        Seen = answer.Get("seen") is null ? 0 : NumberOf(answer, "seen"),
        Confirmed = ConfirmedOf(answer),
        HasRoom = TruthOf(answer, "hasRoom"),
        HearsMaster = TruthOf(answer, "hearsMaster"),
        Lease = SightOf(answer),
    };

    /// <param name="group">Of both.</param>
    /// <param name="join">Who wants to follow whom.</param>
    /// <param name="key">Of the member that <paramref name="join"/> names; null as a member of a version of before has none.</param>
    public static RemotingCommand Join(GroupName group, JoinRequest join, string? key) => Write(JoinMaster, group, join, key);

    public static RemotingCommand Leave(GroupName group, JoinRequest left, long ticket, string? key) => Write(LeaveMaster, group, left, key).Set("ticket", ticket);

    public static RemotingCommand AskConsumers(GroupName group, string version, MemberSender sender) => Asked(GetGroupConsumers, group, sender).Set("version", version);

    private static RemotingCommand Asked(int code, GroupName group, MemberSender sender) => Named(code, group).Set("asker", sender.Member).Set("key", sender.Key);

    private static RemotingCommand Named(int code, GroupName group) => RemotingCommand.CreateRequest(code).Set("clusterName", group.Cluster).Set("brokerName", group.Broker);

    private static RemotingCommand Write(int code, GroupName group, JoinRequest join, string? key) => Named(code, group)
        .Set("key", key)
        .Set("groupId", join.GroupId)
        .Set("member", join.Copy.Member)
        .Set("incarnation", join.Copy.Incarnation)
        .Set("epoch", join.Epoch)
        .Set("confirmedEpoch", Text(join.Confirmed?.Epoch))
        .Set("confirmedOffset", Text(join.Confirmed?.Offset));

    /// <summary>Reads the fields of <see cref="Join"/> and <see cref="Leave"/>.</summary>
    public static JoinRequest ReadJoin(RemotingCommand request) =>
        new(TextOf(request, "groupId"), new MemberCopy(NameOf(request, "member"), NameOf(request, "incarnation")),
            NumberOf(request, "epoch"))
        { Confirmed = ConfirmedOf(request) };

    /// <summary>Reads the ticket of a member that leaves, which it got when it joined.</summary>
    public static long ReadTicket(RemotingCommand request) => NumberOf(request, "ticket");

    public static RemotingCommand Answer(RemotingCommand request, JoinAnswer join)
    {
        RemotingCommand answer = RemotingCommand.CreateResponse(request, ResponseCode.Success)
            .Set("groupId", join.GroupId)
            .Set("epoch", join.Epoch)
            .Set("min", join.Extent.Min)
            .Set("end", join.Extent.End)
            .Set("haPort", join.HaPort)
            .Set("ticket", join.Ticket);
        answer.Body = EpochFile.Encode(join.Extent.Epochs);
        return answer;
    }

    public static JoinAnswer ReadJoinAnswer(RemotingCommand answer)
    {
        long min = NumberOf(answer, "min");
        long end = NumberOf(answer, "end");
        long port = NumberOf(answer, "haPort");
        if (end < min || port is 0 or > ushort.MaxValue)
        {
            throw Wrong(end < min ? "end" : "haPort");
        }

        return new JoinAnswer(
            TextOf(answer, "groupId"), NumberOf(answer, "epoch"), new LogExtent(EpochFile.Decode(answer.Body.Span, "the master's list of epochs"), min, end), (int)port, NumberOf(answer, "ticket"));
    }

    /// <summary>Null from a version that did not say it.</summary>
    private static LogEnd? ConfirmedOf(RemotingCommand command) =>
        command.Get("confirmedEpoch") is null ? null : new LogEnd(NumberOf(command, "confirmedEpoch"),
            NumberOf(command, "confirmedOffset"));

    /// <summary>Null from a version that did not say it.</summary>
    private static LeaseSight? SightOf(RemotingCommand answer)
    {
        if (TruthOf(answer, "leaseLooked") is not { } hasLooked)
        {
            return null;
        }

        string store = answer.Get("leaseStore") is { Length: <= MaxNames } said ? said : throw Wrong("leaseStore");
        return new LeaseSight(store, hasLooked, NumberOf(answer, "leaseEpoch"));
    }

    /// <summary>Null from a version that did not say it.</summary>
    private static bool? TruthOf(RemotingCommand command, string field) => command.Get(field) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        _ => throw Wrong(field),
    };

    private static string? TextOf(bool? truth) => truth is { } known ? known ? "true" : "false" : null;

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string NameOf(RemotingCommand command, string field) => TextOf(command, field) is { Length: > 0 } text ? text : throw Wrong(field);

    private static string TextOf(RemotingCommand command, string field) => command.Get(field) is { Length: <= MaxText } text ? text : throw Wrong(field);

    private static string[] NamesOf(RemotingCommand command, string field) => command.Get(field) switch
    {
        null => [],
        { Length: <= MaxNames } text => text.Split(',', StringSplitOptions.RemoveEmptyEntries),
        _ => throw Wrong(field),
    };

    private static long NumberOf(RemotingCommand command, string field) =>
        long.TryParse(command.Get(field), NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : throw Wrong(field);

    private static InvalidDataException Wrong(string field) => new($"field {field} is missing or not what a member of a group sends: is a broker without failover=Automatic at that address?");
}

/// <param name="Cluster">brokerClusterName.</param>
/// <param name="Broker">brokerName.</param>
internal sealed record GroupName(string Cluster, string Broker);

/// <param name="GroupId">Of the follower's store; empty when it has joined none.</param>
/// <param name="Copy">Who wants to follow.</param>
/// <param name="Epoch">Of the master it wants to follow.</param>
internal sealed record JoinRequest(string GroupId, MemberCopy Copy, long Epoch)
{
    /// <inheritdoc cref="MemberAnswer.Confirmed"/>
    public LogEnd? Confirmed { get; init; }
}

/// <param name="GroupId">Of the group.</param>
/// <param name="Epoch">In which the answering member leads.</param>
/// <param name="Extent">Its log.</param>
/// <param name="HaPort">Where the log is served.</param>
/// <param name="Ticket">Tells there who it is that connects.</param>
internal sealed record JoinAnswer(string GroupId, long Epoch, LogExtent Extent, int HaPort, long Ticket);

/// <summary>Sender of a request, as the request names it.</summary>
/// <param name="member">Its name.</param>
/// <param name="key">That member's key, if it is the one; null when nothing was sent.</param>
internal sealed class MemberSender(string member, string? key)
{
    public string Member => member;

    public string? Key => key;

    // Without the key, which a record would print.
    public override string ToString() => member;
}
