namespace RocketOps.Store.Records;

/// <summary>Hash of an index key, the text <c>topic#key</c>: Java's Math.abs(hashCode), with the one value it cannot turn positive as 0.</summary>
internal static class IndexKey
{
    public static int Hash(int topicPrefixHash, ReadOnlySpan<byte> key)
    {
        int hash = JavaHash.Continue(topicPrefixHash, key);
        return hash == int.MinValue ? 0 : Math.Abs(hash);
    }
}
