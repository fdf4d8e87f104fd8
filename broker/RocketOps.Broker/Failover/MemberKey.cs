using System.Security.Cryptography;
using System.Text;

namespace RocketOps.Broker.Failover;

// memberKey. Ours alone: one line of ASCII, the key as 64 hexadecimal digits, with its line end. Only the owner of the store may read it. Anything else is no key, and another one is made.
//
// Keep in sync: docs/formats/replication.md.

/// <summary>
/// Key by which a member proves to the others of its group that it is the one of its name: random, and known to nobody else. The lease has
/// its digest. Immutable.
/// </summary>
internal sealed class MemberKey
{
    public const string FileName = "memberKey";

    /// <summary>A longer file is none of ours.</summary>
    public const int MaxFileBytes = 128;

    private const int Bytes = 32;

    private MemberKey(byte[] key)
    {
        Text = Convert.ToHexStringLower(key);
        Digest = Convert.ToHexStringLower(SHA256.HashData(key));
    }

    /// <summary>The key itself, in hexadecimal: for the requests among members, and nothing else.</summary>
    public string Text { get; }

    /// <summary>Digest of the key, in hexadecimal: everybody may know it.</summary>
    public string Digest { get; }

    public static MemberKey New() => new(RandomNumberGenerator.GetBytes(Bytes));

    public byte[] Encode() => Encoding.ASCII.GetBytes($"{Text}\n");

    /// <summary>Null for a file that holds no key.</summary>
    public static MemberKey? Decode(ReadOnlySpan<byte> file)
    {
        byte[] key = new byte[Bytes];
        return file.Length == (2 * Bytes) + 1 && file[^1] == '\n' && TryRead(Encoding.Latin1.GetString(file[..^1]), key) ? new MemberKey(key) : null;
    }

    /// <summary>
    /// Tells whether that is the key of which this is the digest. How long it takes tells nothing of how much of it is right.
    /// </summary>
    public static bool IsOf(string? key, string digest)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        return key is not null && TryRead(key, bytes) && CryptographicOperations.FixedTimeEquals(SHA256.HashData(bytes), Convert.FromHexString(digest));
    }

    private static bool TryRead(string text, Span<byte> key) =>
        text.Length == 2 * Bytes && Convert.FromHexString(text, key, out _, out int written) == System.Buffers.OperationStatus.Done && written == Bytes;
}
