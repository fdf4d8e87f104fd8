using System.Text.Json;
using System.Text.Json.Serialization;
using RocketOps.Election.Leases;

namespace RocketOps.Broker.Failover.Leases;

// The lease of a FileLeaseStore: JSON in UTF-8, indented, for people to read and to change.
//
// Keep in sync: docs/formats/replication.md.

/// <summary>Reads and writes a <see cref="LeaseRecord"/> as JSON. Knows bytes, not files.</summary>
internal static class LeaseFile
{
    /// <summary>A longer file is none of ours.</summary>
    public const int MaxBytes = 64 * 1024;

    private const int MaxCopies = 64;
    private const long MaxDurationMillis = 24L * 3_600_000;

    /// <param name="record">What is written.</param>
    /// <param name="write">Makes the bytes differ from those of any other write, also of the same record.</param>
    public static byte[] Encode(LeaseRecord record, Guid write) =>
        [
            .. JsonSerializer.SerializeToUtf8Bytes(
                new LeaseBody
                {
                    GroupId = record.GroupId,
                    GroupName = record.GroupName.Length == 0 ? null : record.GroupName,
                    Holder = record.Holder,
                    HolderAddress = record.HolderAddress,
                    Epoch = record.Epoch,
                    RenewTime = record.RenewTime,
                    DurationMillis = (long)record.Duration.TotalMilliseconds,
                    InSync = [.. record.InSync.Select(static copy => new CopyBody { Member = copy.Member, Incarnation = copy.Incarnation })],
                    Successor = record.Successor,
                    HandOverTo = record.HandOverTo,
                    UncleanEpoch = record.UncleanEpoch,
                    Confirmed = record.Confirmed is { } confirmed
                        ? new ConfirmedBody { Since = confirmed.Since, Epoch = confirmed.Epoch, Offset = confirmed.Offset } : null,
                    KeyDigests = record.KeyDigests.Count == 0 ? null : record.KeyDigests.ToDictionary(static key => key.Key, static string? (key) => key.Value, StringComparer.Ordinal),
                    Write = write.ToString("N"),
                },
                LeaseJson.Default.LeaseBody),
            (byte)'\n',
        ];

    /// <summary>Throws <see cref="InvalidDataException"/> with what to do when it is no lease.</summary>
    public static LeaseRecord Decode(ReadOnlySpan<byte> file, string name)
    {
        if (file.Length > MaxBytes)
        {
            throw Corrupt(name, $"it has {file.Length} bytes");
        }

        LeaseBody? body;
        try
        {
            body = JsonSerializer.Deserialize(file, LeaseJson.Default.LeaseBody);
        }
        catch (JsonException malformed)
        {
            throw Corrupt(name, malformed.Message);
        }

        if (body is not { Holder: not null, HolderAddress: not null, GroupId: not null, Epoch: > 0 and < long.MaxValue, DurationMillis: > 0 and <= MaxDurationMillis, InSync.Count: <= MaxCopies }
            || body.InSync.Exists(static copy => copy is null || string.IsNullOrEmpty(copy.Member) || string.IsNullOrEmpty(copy.Incarnation)))
        {
            throw Corrupt(name, "a field is missing or out of its range");
        }

        return new LeaseRecord
        {
            GroupId = body.GroupId,
            GroupName = body.GroupName ?? string.Empty,
            Holder = body.Holder,
            HolderAddress = body.HolderAddress,
            Epoch = body.Epoch,
            RenewTime = body.RenewTime,
            Duration = TimeSpan.FromMilliseconds(body.DurationMillis),
            InSync = [.. body.InSync.Select(static copy => new MemberCopy(copy!.Member!, copy.Incarnation!))],
            Successor = body.Successor,
            HandOverTo = body.HandOverTo,
            UncleanEpoch = body.UncleanEpoch,
            Confirmed = body.Confirmed is { Since: >= 0, Epoch: >= 0, Offset: >= 0 } confirmed
                ? new ConfirmedLog(confirmed.Since, confirmed.Epoch, confirmed.Offset) : null,
            KeyDigests = KeyDigests.Take(body.KeyDigests ?? []),
        };
    }

    private static InvalidDataException Corrupt(string name, string fault) =>
        new($"{name} is no lease ({fault}): nobody takes it and its master does not renew it; put it right, or delete it while all members run: then they found a new one (docs/replication.md)");
}

/// <summary>The members in the order of the file.</summary>
internal sealed class LeaseBody
{
    public string? GroupId { get; set; }

    public string? GroupName { get; set; }

    public string? Holder { get; set; }

    public string? HolderAddress { get; set; }

    public long Epoch { get; set; }

    public DateTimeOffset RenewTime { get; set; }

    public long DurationMillis { get; set; }

    public List<CopyBody?> InSync { get; set; } = [];

    public string? Successor { get; set; }

    public string? HandOverTo { get; set; }

    public long? UncleanEpoch { get; set; }

    public ConfirmedBody? Confirmed { get; set; }

    /// <summary>Digests by the member's name.</summary>
    public Dictionary<string, string?>? KeyDigests { get; set; }

    public string? Write { get; set; }
}

internal sealed class CopyBody
{
    public string? Member { get; set; }

    public string? Incarnation { get; set; }
}

internal sealed class ConfirmedBody
{
    public long Since { get; set; }

    public long Epoch { get; set; }

    public long Offset { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LeaseBody))]
internal sealed partial class LeaseJson : JsonSerializerContext;
