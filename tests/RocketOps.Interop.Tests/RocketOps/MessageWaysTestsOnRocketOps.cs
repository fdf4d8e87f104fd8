using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Interop.Tests.Messages;

namespace RocketOps.Interop.Tests.RocketOps;

[Collection(RocketOpsCollection.Name)]
public sealed class MessageWaysTestsOnRocketOps(RocketOpsFixture fixture) : MessageWaysTests(fixture);
