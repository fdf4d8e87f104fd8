using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Interop.Tests.Limits;

namespace RocketOps.Interop.Tests.RocketOps;

[Collection(RocketOpsCollection.Name)]
public sealed class LimitTestsOnRocketOps(RocketOpsFixture fixture) : LimitTests(fixture);
