using System.Globalization;
using System.Text;
using RocketOps.Protocol.Records;

namespace RocketOps.Election.Epochs;

// epochFileCheckpoint, as RocketMQ 5's controller mode writes it. Source: store.md §1.6. Text in UTF-8, one item per line:
//   number of entries
//   CRC-32 of the entry lines with their line ends, top bit cleared; 0 is not checked
//   epoch-startOffset         once per entry, oldest first
//
// Keep in sync: docs/formats/replication.md.

/// <summary>Reads and writes the file that says which master wrote which part of a log. Knows bytes, not files.</summary>
public static class EpochFile
{
    public const string Name = "epochFileCheckpoint";

    /// <summary>A longer file is none of ours.</summary>
    public const int MaxBytes = EpochHistory.MaxEntries * 48;

    public static byte[] Encode(EpochHistory epochs)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        StringBuilder lines = new();
        foreach (EpochEntry entry in epochs.Entries)
        {
            lines.Append(CultureInfo.InvariantCulture, $"{entry.Epoch}-{entry.Start}\n");
        }

        byte[] body = Encoding.UTF8.GetBytes(lines.ToString());
        byte[] head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{epochs.Entries.Count}\n{MaskedCrc32.Compute(body)}\n"));
        return [.. head, .. body];
    }

    /// <summary>
    /// Throws <see cref="InvalidDataException"/> with what to do when anything of it is not as it was written: a history that is wrong cuts what was acknowledged.
    /// </summary>
    public static EpochHistory Decode(ReadOnlySpan<byte> file, string name)
    {
        if (file.Length > MaxBytes)
        {
            throw Corrupt(name, $"it has {file.Length} bytes");
        }

        int first = file.IndexOf((byte)'\n');
        int second = first < 0 ? -1 : file[(first + 1)..].IndexOf((byte)'\n');
        if (second < 0
            || !int.TryParse(Line(file[..first]), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            || !uint.TryParse(Line(file.Slice(first + 1, second)), NumberStyles.None, CultureInfo.InvariantCulture, out uint checksum))
        {
            throw Corrupt(name, "its first two lines are no numbers");
        }

        ReadOnlySpan<byte> body = file[(first + second + 2)..];
        if (checksum != 0 && checksum != (uint)MaskedCrc32.Compute(body))
        {
            throw Corrupt(name, "its checksum is wrong");
        }

        List<EpochEntry> entries = [];
        while (!body.IsEmpty)
        {
            int end = body.IndexOf((byte)'\n');
            if (end < 0 || entries.Count == count || Parse(Line(body[..end])) is not { } entry)
            {
                throw Corrupt(name, $"line {entries.Count + 3} is no entry, or one too many");
            }

            entries.Add(entry);
            body = body[(end + 1)..];
        }

        if (entries.Count != count)
        {
            throw Corrupt(name, $"it has {entries.Count} entries and says {count}");
        }

        try
        {
            return EpochHistory.Of([.. entries]);
        }
        catch (ArgumentException fault)
        {
            throw Corrupt(name, fault.Message);
        }
    }

    /// <summary>Windows' line ends are Java's there.</summary>
    private static string Line(ReadOnlySpan<byte> line) => Encoding.UTF8.GetString(line.TrimEnd((byte)'\r'));

    private static EpochEntry? Parse(string line)
    {
        int dash = line.IndexOf('-', StringComparison.Ordinal);
        return dash > 0
            && long.TryParse(line.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out long epoch)
            && long.TryParse(line.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long start)
            ? new EpochEntry(epoch, start)
            : null;
    }

    private static InvalidDataException Corrupt(string name, string fault) =>
        new($"{name} is damaged ({fault}): which master wrote which part of this log is not known, so it can neither lead nor follow. Move the whole store away and start this member empty; another member has a copy. If this is the last copy, see docs/replication.md.");
}
