using System.Globalization;
using System.Text;
using RocketOps.Protocol.Records;

namespace RocketOps.Election.Members;

// memberState. Ours alone; text in ASCII, one item per line, in this order:
//   groupId=…          32 hexadecimal digits; empty before the member has joined a group
//   incarnation=…      32 hexadecimal digits
//   promised=…         decimal
//   seen=…             decimal, at most promised
//   crc=…              CRC-32 of all bytes before this line, top bit cleared, decimal
//
// Keep in sync: docs/formats/replication.md.

/// <summary>Reads and writes <see cref="MemberState"/>. Knows bytes, not files.</summary>
public static class MemberStateFile
{
    public const string Name = "memberState";

    /// <summary>A longer file is none of ours.</summary>
    public const int MaxBytes = 1024;

    private static readonly string[] Keys = ["groupId", "incarnation", "promised", "seen", "crc"];

    public static byte[] Encode(MemberState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        byte[] body = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"groupId={state.GroupId}\nincarnation={state.Incarnation}\npromised={state.Promised}\nseen={state.Seen}\n"));
        return [.. body, .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"crc={MaskedCrc32.Compute(body)}\n"))];
    }

    /// <summary>Throws <see cref="InvalidDataException"/> with what to do when anything of it is not as it was written.</summary>
    public static MemberState Decode(ReadOnlySpan<byte> file, string name)
    {
        if (file.Length > MaxBytes)
        {
            throw Corrupt(name, $"it has {file.Length} bytes");
        }

        // One character for each byte, so that lengths agree whatever is in there.
        string[] lines = Encoding.Latin1.GetString(file).Split('\n');
        if (lines.Length != Keys.Length + 1 || lines[^1].Length > 0)
        {
            throw Corrupt(name, $"it has {lines.Length - 1} lines");
        }

        string[] values = new string[Keys.Length];
        for (int i = 0; i < Keys.Length; i++)
        {
            if (!lines[i].StartsWith(Keys[i] + "=", StringComparison.Ordinal))
            {
                throw Corrupt(name, $"line {i + 1} does not say {Keys[i]}");
            }

            values[i] = lines[i][(Keys[i].Length + 1)..];
        }

        int body = file.Length - lines[^2].Length - 1;
        if (!IsNumber(values[2], out long promised) || !IsNumber(values[3], out long seen) || !IsNumber(values[4], out long checksum)
            || checksum != MaskedCrc32.Compute(file[..body]) || values[1].Length == 0 || seen > promised)
        {
            throw Corrupt(name, "its checksum or a number in it is wrong");
        }

        return new MemberState(values[0], values[1], promised, seen);
    }

    private static bool IsNumber(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static InvalidDataException Corrupt(string name, string fault) =>
        new($"{name} is damaged ({fault}): which epochs this member has promised is not known. Delete the file: the member then counts as a new copy, which joins its group when a master is there. If this is the last copy, see docs/replication.md.");
}
