namespace RocketOps.Client;

/// <summary>Algorithm by which a producer compresses bodies; see <c>ProducerOptions.CompressionType</c>.</summary>
public enum CompressionType
{
    /// <summary>Packs well; every client reads it.</summary>
    Zlib,

    /// <summary>Packs less and takes a fraction of the time.</summary>
    Lz4,
}
