using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Records;

/// <summary>The keys a message has in the index, as hashes, in the order in which they are put: the unique key, each of KEYS, the tag when tags are indexed.</summary>
internal ref struct RecordKeys(StoreTopic topic, RecordProperties properties, bool withTags)
{
    private readonly StoreTopic _topic = topic;
    private ReadOnlySpan<byte> _uniqueKey = properties.UniqueKey;
    private ReadOnlySpan<byte> _keys = properties.Keys;
    private ReadOnlySpan<byte> _tags = withTags ? properties.Tags : default;

    /// <summary>The next; false at the end.</summary>
    public bool TryRead(out int keyHash)
    {
        if (!_uniqueKey.IsEmpty)
        {
            keyHash = IndexKey.Hash(_topic.IndexPrefixHash, _uniqueKey);
            _uniqueKey = default;
            return true;
        }

        while (!_keys.IsEmpty)
        {
            int end = _keys.IndexOf((byte)' ');
            ReadOnlySpan<byte> key = end < 0 ? _keys : _keys[..end];
            _keys = end < 0 ? default : _keys[(end + 1)..];
            if (!key.IsEmpty)
            {
                keyHash = IndexKey.Hash(_topic.IndexPrefixHash, key);
                return true;
            }
        }

        keyHash = 0;
        if (_tags.IsEmpty)
        {
            return false;
        }

        keyHash = IndexKey.Hash(JavaHash.Continue(_topic.IndexPrefixHash, "T#"u8), _tags);
        _tags = default;
        return true;
    }
}

/// <summary>Hash of an index key, the text <c>topic#key</c>: Java's Math.abs(hashCode), with the one value it cannot turn positive as 0.</summary>
internal static class IndexKey
{
    public static int Hash(int topicPrefixHash, ReadOnlySpan<byte> key)
    {
        int hash = JavaHash.Continue(topicPrefixHash, key);
        return hash == int.MinValue ? 0 : Math.Abs(hash);
    }
}
