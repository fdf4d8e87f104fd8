using System.Text.Json;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Json;

/// <summary>
/// The part of a table that a request asks for. Since 5.3.4 callers of GET_ALL_TOPIC_CONFIG and GET_ALL_SUBSCRIPTIONGROUP_CONFIG say where to begin and ask until they have as
/// many as there are; whoever does not say gets the whole table. Source: admin.md §2.2.
/// </summary>
internal static class TablePage
{
    /// <summary>RocketMQ's <c>splitMetadataSize</c>.</summary>
    public const int MaxEntries = 2000;

    /// <summary>An entry of a table while its page is built, without what is the table's own: in the order of the names, and in the page.</summary>
    public const int EntryBytes = 128;

    /// <summary>Field of a request by which a slave of ours asks for deletions too.</summary>
    public const string DeletionsField = "rocketOpsDeletions";

    /// <param name="request">The fields <c>topicSeq</c>, <c>maxTopicNum</c> (or the same of groups) and <c>dataVersion</c> are read. Throws <see cref="RemotingCommandException"/> when one is no number.</param>
    /// <param name="sequenceField">Name of the field that says where to begin.</param>
    /// <param name="maxField">Name of the field with the most entries the caller wants.</param>
    /// <param name="table">All entries in the order of their names; nothing is changed in what is returned.</param>
    /// <param name="version">Version of the table. Pages of two versions do not fit together: a caller with another begins anew.</param>
    public static IReadOnlyDictionary<string, T> Select<T>(RemotingCommand request, string sequenceField, string maxField,
        IReadOnlyDictionary<string, T> table, DataVersion version)
        where T : class
    {
        if (request.Get(sequenceField) is null)
        {
            return table;
        }

        int most = Math.Clamp(request.GetInt32(maxField, MaxEntries), 1, MaxEntries);
        return new Dictionary<string, T>(table.Skip(First(request, sequenceField, version)).Take(most), StringComparer.Ordinal);
    }

    /// <summary>
    /// True when the answer begins the table, and the caller is a slave of ours that asks for deletions as well: they come with the first
    /// page.
    /// </summary>
    public static bool HasDeletions(RemotingCommand request, string sequenceField, DataVersion version) =>
        request.GetBoolean(DeletionsField, fallback: false)
            && (request.Get(sequenceField) is null || First(request, sequenceField, version) == 0);

    private static int First(RemotingCommand request, string sequenceField, DataVersion version)
    {
        int first = Math.Max(0, request.GetRequiredInt32(sequenceField));
        return IsOf(request.Get("dataVersion"), version) ? first : 0;
    }

    private static bool IsOf(string? text, DataVersion version)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return false;
        }

        try
        {
            return BrokerJson.Read(System.Text.Encoding.UTF8.GetBytes(text), BrokerJson.Default.DataVersion) == version;
        }
        catch (JsonException)
        {
            // No version of ours.
            return false;
        }
    }
}
