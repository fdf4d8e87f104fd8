using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Election.Leases;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Broker.Failover.Kubernetes;

/// <summary>
/// A group's record in a Lease: holder, epoch (<c>leaseTransitions</c>), renewal and duration where Kubernetes has fields for them, the
/// rest in annotations. Anybody with the right may have edited it:
/// what cannot be read is refused, and nothing is guessed.
/// </summary>
internal static class LeaseManifest
{
    public const string GroupId = "rocketops.io/group-id";

    /// <summary>Name of the group in its configuration, <c>brokerClusterName/brokerName</c>.</summary>
    public const string GroupName = "rocketops.io/group-name";

    public const string HolderAddress = "rocketops.io/holder-address";
    public const string InSync = "rocketops.io/in-sync";
    public const string Successor = "rocketops.io/successor";
    public const string HandOverTo = "rocketops.io/hand-over-to";
    public const string UncleanEpoch = "rocketops.io/unclean-epoch";

    /// <summary>
    /// Confirmed part of the log, as <c>LEASE EPOCH/SINCE/EPOCH/OFFSET</c> (<see cref="ConfirmedLog"/>). Of the epoch that it names alone:
    /// a master of a version that does not know the annotation leaves it there as it is, and may have begun with less.
    /// </summary>
    public const string Confirmed = "rocketops.io/confirmed";

    /// <summary>The digests of the members' keys, <c>MEMBER=DIGEST</c> separated by commas.</summary>
    public const string Keys = "rocketops.io/key-digests";

    /// <summary>Annotation that tells people how the epoch came about; nobody reads it to decide.</summary>
    public const string History = "rocketops.io/history";

    /// <summary>Limit of the list of copies in sync, in characters: as many members as a group may have are listed in much less.</summary>
    private const int MaxInSyncLength = 16 * 1024;

    /// <summary>Six digits: the API server takes no other number of them.</summary>
    private const string MicroTime = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>A Lease that is not there yet.</summary>
    public static JsonObject New(string ns, string name) => new()
    {
        ["apiVersion"] = "coordination.k8s.io/v1",
        ["kind"] = "Lease",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
    };

    /// <summary>Writes the record into a Lease and leaves everything else there as it is.</summary>
    /// <param name="record">What is written.</param>
    /// <param name="before">Record that is in there; null when there is none.</param>
    /// <param name="lease">Changed in place.</param>
    /// <exception cref="LeaseStoreException">The record holds what a Lease cannot.</exception>
    public static void Write(LeaseRecord record, LeaseRecord? before, JsonObject lease)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (record.Epoch > int.MaxValue)
        {
            throw new LeaseStoreException($"Epoch {record.Epoch} is more than a Lease's leaseTransitions can hold: somebody set it up that far by hand. Found the group anew, with another name.");
        }

        JsonObject spec = lease.Ensure("spec");
        JsonObject annotations = lease.Ensure("metadata").Ensure("annotations");
        if (before?.Epoch != record.Epoch)
        {
            spec["acquireTime"] = Text(record.RenewTime);
            annotations.Set(History, Tell(before, record));
        }

        spec.Set("holderIdentity", record.Holder.Length == 0 ? null : record.Holder);
        spec["leaseTransitions"] = record.Epoch;
        spec["renewTime"] = Text(record.RenewTime);

        // Kubernetes counts in seconds; others waiting longer than the holder relies on is the safe side.
        spec["leaseDurationSeconds"] = (int)Math.Max(1, Math.Ceiling(record.Duration.TotalSeconds));
        annotations.Set(GroupId, record.GroupId);
        annotations.Set(GroupName, record.GroupName.Length == 0 ? null : record.GroupName);
        annotations.Set(HolderAddress, record.HolderAddress.Length == 0 ? null : record.HolderAddress);
        annotations.Set(InSync, string.Join(',', record.InSync.Select(static copy => copy.ToString())));
        annotations.Set(Confirmed, record.Confirmed is { } confirmed
            ? string.Create(CultureInfo.InvariantCulture, $"{record.Epoch}/{confirmed.Since}/{confirmed.Epoch}/{confirmed.Offset}") : null);
        annotations.Set(Successor, record.Successor);
        annotations.Set(HandOverTo, record.HandOverTo);
        annotations.Set(Keys, KeyDigests.Format(record.KeyDigests));
        annotations.Set(UncleanEpoch, record.UncleanEpoch?.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// The record of a Lease; null with a fault when it holds none. Of what only people write, and of keys, a value that is no value
    /// counts as absent: a mistyped wish must not end a mastership.
    /// </summary>
    public static LeaseRecord? Read(JsonElement lease, out string? fault)
    {
        JsonElement spec = lease.Field("spec");
        JsonElement annotations = lease.Field("metadata").Field("annotations");
        fault = null;
        if (spec.Number("leaseTransitions") is not ({ } epoch and >= 1))
        {
            fault = "spec.leaseTransitions, the epoch, is missing or below 1";
        }
        else if (spec.Number("leaseDurationSeconds") is not ({ } seconds and >= 1 and <= int.MaxValue))
        {
            fault = "spec.leaseDurationSeconds is missing or below 1";
        }
        else if (!DateTimeOffset.TryParse(spec.Text("renewTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset renewTime))
        {
            fault = "spec.renewTime is missing or no time";
        }
        else if (!TryReadCopies(annotations.Text(InSync), out List<MemberCopy> inSync))
        {
            fault = $"the annotation {InSync}, which lists the copies in sync as MEMBER/COPY, is missing or no such list";
        }
        else
        {
            return new LeaseRecord
            {
                GroupId = annotations.Text(GroupId) ?? string.Empty,
                GroupName = annotations.Text(GroupName) ?? string.Empty,
                Holder = spec.Text("holderIdentity") ?? string.Empty,
                HolderAddress = annotations.Text(HolderAddress) ?? string.Empty,
                Epoch = epoch,
                RenewTime = renewTime,
                Duration = TimeSpan.FromSeconds(seconds),
                InSync = inSync,
                Successor = NotEmpty(annotations.Text(Successor)),
                HandOverTo = NotEmpty(annotations.Text(HandOverTo)),
                UncleanEpoch = long.TryParse(annotations.Text(UncleanEpoch), NumberStyles.None, CultureInfo.InvariantCulture, out long permitted) ? permitted : null,
                Confirmed = ReadConfirmed(annotations.Text(Confirmed), epoch),
                KeyDigests = KeyDigests.Parse(annotations.Text(Keys)),
            };
        }

        return null;
    }

    /// <summary>The times are those of two machines' clocks.</summary>
    private static string? Tell(LeaseRecord? before, LeaseRecord now)
    {
        if (before is null || before.Epoch >= now.Epoch)
        {
            return null;
        }

        string seconds = Math.Max(0, (now.RenewTime - before.RenewTime).TotalSeconds).ToString("0.0", CultureInfo.InvariantCulture);
        return before.Holder.Length > 0 ? string.Create(CultureInfo.InvariantCulture, $"{before.Holder} had renewed epoch {before.Epoch} {seconds} s before for the last time.")
            : before.Successor == now.Holder ? string.Create(CultureInfo.InvariantCulture, $"Epoch {before.Epoch} was handed over to it; nobody led for {seconds} s.")
            : string.Create(CultureInfo.InvariantCulture, $"Epoch {before.Epoch} was released {seconds} s before.");
    }

    private static bool TryReadCopies(string? text, out List<MemberCopy> copies)
    {
        copies = [];
        if (string.IsNullOrEmpty(text) || text.Length > MaxInSyncLength)
        {
            return false;
        }

        foreach (string copy in text.Split(','))
        {
            int slash = copy.IndexOf('/', StringComparison.Ordinal);
            if (slash <= 0 || slash == copy.Length - 1 || copy.AsSpan(slash + 1).Contains('/'))
            {
                return false;
            }

            copies.Add(new MemberCopy(copy[..slash], copy[(slash + 1)..]));
        }

        return true;
    }

    private static ConfirmedLog? ReadConfirmed(string? text, long leaseEpoch)
    {
        long[] numbers = [.. (text ?? string.Empty).Split('/')
            .Select(static part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : -1)];
        return numbers is [var writtenIn, >= 0, >= 0, >= 0] && writtenIn == leaseEpoch
            ? new ConfirmedLog(numbers[1], numbers[2], numbers[3]) : null;
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(MicroTime, CultureInfo.InvariantCulture);

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
