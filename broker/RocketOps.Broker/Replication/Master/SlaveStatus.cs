namespace RocketOps.Broker.Replication.Master;

/// <summary>One connected slave at a moment.</summary>
/// <param name="Address">Its end of the connection.</param>
/// <param name="Acknowledged">Up to where it has the log, as it says itself.</param>
/// <param name="Sent">Up to where it was sent the log.</param>
/// <param name="BytesPerSecond">Sent in the last full second.</param>
/// <param name="BytesSent">Sent since it connected.</param>
/// <param name="IsInSync">Not further behind than <c>haSlaveFallbehindMax</c>.</param>
internal readonly record struct SlaveStatus(string Address, long Acknowledged, long Sent, long BytesPerSecond, long BytesSent, bool IsInSync);
