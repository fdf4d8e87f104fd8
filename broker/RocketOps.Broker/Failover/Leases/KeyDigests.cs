using System.Security.Cryptography;

namespace RocketOps.Broker.Failover.Leases;

/// <summary>
/// The digests of the members' keys as a lease has them: hexadecimal, by the member's name. What is no such entry counts as absent, so that nothing in there keeps anybody from leading; and there are never more than a few.
/// </summary>
internal static class KeyDigests
{
    /// <summary>Number of entries at most: as many copies as a lease lists.</summary>
    public const int MaxEntries = 64;

    private const int MaxNameLength = 255;
    private const int DigestLength = 2 * SHA256.HashSizeInBytes;

    /// <summary>A longer text was made up by somebody.</summary>
    private const int MaxTextLength = MaxEntries * (MaxNameLength + 1 + DigestLength + 1);

    /// <summary>The entries among these that are some. Of two of one name the later counts.</summary>
    public static IReadOnlyDictionary<string, string> Take(IEnumerable<KeyValuePair<string, string?>> entries)
    {
        Dictionary<string, string> taken = new(StringComparer.Ordinal);
        foreach ((string member, string? digest) in entries)
        {
            if (member.Length is > 0 and <= MaxNameLength && digest is { Length: DigestLength } && digest.All(char.IsAsciiHexDigit) && (taken.Count < MaxEntries || taken.ContainsKey(member)))
            {
                taken[member] = digest.ToLowerInvariant();
            }
        }

        return taken;
    }

    /// <summary>
    /// Returns the digests with the entry of one member in place of the one it had. Where there are too many, those go that belong to no
    /// member.
    /// </summary>
    public static IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> digests, string member, string digest, IReadOnlyList<string> members) => Take(
        digests.Where(entry => entry.Key != member)
            .OrderByDescending(entry => members.Contains(entry.Key, StringComparer.Ordinal))
            .ThenBy(static entry => entry.Key, StringComparer.Ordinal)
            .Select(static entry => KeyValuePair.Create(entry.Key, (string?)entry.Value))
            .Prepend(KeyValuePair.Create(member, (string?)digest)));

    /// <summary>Formats the digests as <c>MEMBER=DIGEST</c> separated by commas; null when there are none.</summary>
    public static string? Format(IReadOnlyDictionary<string, string> digests) =>
        digests.Count == 0 ? null : string.Join(',', digests.OrderBy(static entry => entry.Key, StringComparer.Ordinal).Select(static entry => $"{entry.Key}={entry.Value}"));

    /// <summary>Reads what <see cref="Format"/> or somebody else wrote.</summary>
    public static IReadOnlyDictionary<string, string> Parse(string? text) => text is not { Length: > 0 and <= MaxTextLength } ? Take([]) : Take(text.Split(',').Select(static entry =>
    {
        int end = entry.LastIndexOf('=');
        return end < 0 ? KeyValuePair.Create(string.Empty, (string?)null) : KeyValuePair.Create(entry[..end].Trim(), (string?)entry[(end + 1)..].Trim());
    }));
}
