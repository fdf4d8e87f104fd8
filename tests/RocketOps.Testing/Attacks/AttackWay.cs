using RocketOps.Testing.Remoting;

namespace RocketOps.Testing.Attacks;

/// <summary>One round of a hostile client.</summary>
/// <param name="connection">Its own, new; more it opens itself.</param>
/// <param name="bites">To be called when the broker does what the client is after, or refuses it.</param>
/// <param name="cancellationToken">The end of the attack.</param>
internal delegate Task AttackWay(RawConnection connection, Action bites, CancellationToken cancellationToken);
